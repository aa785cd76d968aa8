"""Addresses below /activities/."""

app_name = "activities"

urlpatterns = [
    # ── activities ──
    # ── calendar ──
    # ── planning ──
    # ── plans ──
    # ── series, invitations, feed ──
]
