"""Django's admin for the raw tables: for those who administer, through the CRM's own sign-in, within its rules."""

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.auth.views import redirect_to_login
from django.db import IntegrityError
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.fold import matching
from crm.core.refusals import Refused, explain
from crm.core.usage import in_use, is_used


class Site(admin.AdminSite):
    site_title = site_header = gettext_lazy("Raw tables")
    index_title = gettext_lazy("Administration")
    site_url = "/settings/"
    enable_nav_sidebar = True

    def has_permission(self, request) -> bool:
        return request.user.is_authenticated and request.user.is_superuser

    def login(self, request, extra_context=None):
        """The CRM's sign-in. Who is signed in and lacks the right is told that there is nothing here."""
        if request.user.is_authenticated:
            if self.has_permission(request):
                return redirect("admin:index")
            raise Http404
        target = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(target, settings.LOGIN_URL)

    login.login_required = False

    def password_change(self, request, extra_context=None):
        return redirect("password_change")

    def logout(self, request, extra_context=None):
        from django.contrib.auth.views import LogoutView

        return LogoutView.as_view()(request)


class RuledAdmin(admin.ModelAdmin):
    """A table in the admin that cannot break the rules: what the database refuses is said in a sentence.

    `hint` says what to do with a record that is in use instead of deleting it.
    """

    hint = ""
    list_per_page = 50
    show_full_result_count = False

    def get_actions(self, request):
        # Deleting many at once would walk through everything that refers to each of them.
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def _politely(self, request, view, *args, back=None, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except Refused as refusal:
            text = str(refusal)
        except IntegrityError as error:
            text = explain(error)
        self.message_user(request, text, messages.ERROR)
        return HttpResponseRedirect(back or request.get_full_path())

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        return self._politely(request, super().changeform_view, object_id, form_url, extra_context)

    def changelist_view(self, request, extra_context=None):
        return self._politely(request, super().changelist_view, extra_context)

    def delete_view(self, request, object_id, extra_context=None):
        """Asks only where deleting is possible: Django would list every record that stands in the way."""
        record = self.get_object(request, object_id)
        if record is not None and self.has_delete_permission(request, record) and is_used(record):
            text = in_use(record, request.user, str(self.hint))
            self.message_user(request, text, messages.ERROR)
            meta = self.opts
            popup = f"?{IS_POPUP_VAR}=1" if IS_POPUP_VAR in request.GET else ""
            return redirect(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk]) + popup)
        return self._politely(request, super().delete_view, object_id, extra_context)


class ReadOnlyAdmin(RuledAdmin):
    """A table to look into. Its records are changed on their pages, where the verbs are."""

    search_help_text = gettext_lazy("Every word is looked for, in any notation of umlauts.")
    search_fields = ("search_text",)
    ordering = ("-pk",)

    def get_search_results(self, request, queryset, search_term):
        return matching(queryset, search_term), False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def change_view(self, request, object_id, form_url="", extra_context=None):
        text = _("Records of this table are changed on their own pages; here they can only be looked at.")
        return super().change_view(request, object_id, form_url, {"subtitle": text} | (extra_context or {}))
