"""Users, teams, roles."""

import datetime
import hashlib
import secrets
from functools import cached_property

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import EVERYONE, Action, Area, Scope, SettingQuerySet, owners
from crm.core import clock, history
from crm.core.choices import one_of

STANDARD_ROLES = {
    "admin": pgettext_lazy("role", "Admin"),
    "manager": pgettext_lazy("role", "Manager"),
    "rep": pgettext_lazy("role", "Sales rep"),
    "service": pgettext_lazy("role", "Service"),
    "readonly": pgettext_lazy("role", "Read only"),
}


@history.track
class Role(models.Model):
    name = models.CharField(_("name"), max_length=60, unique=True)

    objects = SettingQuerySet.as_manager()
    area = Area.ADMINISTRATION

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self):
        return str(STANDARD_ROLES.get(self.name, self.name))


@history.track
class Right(models.Model):
    """One cell of a role's matrix. A missing cell means: none."""

    role = models.ForeignKey(Role, models.CASCADE, related_name="rights")
    area = models.CharField(max_length=20, choices=Area)
    action = models.CharField(max_length=10, choices=Action)
    scope = models.CharField(max_length=4, choices=Scope)

    class Meta:
        verbose_name = _("right")
        verbose_name_plural = _("rights")
        constraints = [
            models.UniqueConstraint(fields=["role", "area", "action"], name="accounts_right_once"),
            one_of("scope", Scope, name="accounts_right_scope"),
        ]

    def __str__(self):
        return f"{self.role}: {self.get_area_display()} · {self.get_action_display()} · {self.get_scope_display()}"


@history.track
class Team(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    lead = models.ForeignKey(
        "User", models.SET_NULL, null=True, blank=True, related_name="leads", verbose_name=_("team lead")
    )

    objects = SettingQuerySet.as_manager()
    area = Area.ADMINISTRATION

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self):
        return self.name


class UserManager(BaseUserManager.from_queryset(SettingQuerySet)):
    def create_user(self, email, password=None, **fields):
        """A new user. `role` is needed; the e-mail is the login and kept in lower case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email.strip())

    def assignable_by(self, user, area, current=None):
        """Whom `user` may make responsible in `area`: active users whose records `user` still sees afterwards.

        `current` (a user's id) stays a choice, so that editing something else does not take a record away.
        """
        reach = owners(user, area, Action.VIEW)
        chosen = models.Q(is_active=True)
        if reach is not EVERYONE:
            chosen &= models.Q(pk__in=reach - {None})
        return self.filter(chosen | models.Q(pk=current)).order_by("name", "pk")


class Theme(models.TextChoices):
    AUTO = "auto", pgettext_lazy("theme", "As the system")
    LIGHT = "light", pgettext_lazy("theme", "Light")
    DARK = "dark", pgettext_lazy("theme", "Dark")


@history.track
class User(AbstractBaseUser):
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.ForeignKey(Role, models.PROTECT, related_name="users", verbose_name=_("role"))
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    language = models.CharField(
        _("language"),
        max_length=2,
        blank=True,
        choices=[("", _("As the browser")), ("de", "Deutsch"), ("en", "English")],
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=40,
        blank=True,
        validators=[clock.check_zone],
        help_text=_("Empty: that of the company."),
    )
    theme = models.CharField(_("appearance"), max_length=5, choices=Theme, default=Theme.AUTO)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = UserManager()
    area = Area.ADMINISTRATION
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_once"),
            one_of("theme", Theme, name="accounts_user_theme"),
        ]

    def __str__(self):
        return self.name or self.email

    def get_full_name(self):
        return str(self)

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = str(self).replace("@", " ").split() or ["?"]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()

    @property
    def zone(self) -> datetime.tzinfo:
        """Where the user's days begin and end."""
        return clock.zone(self.time_zone)

    # ── rights ──────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def _matrix(self) -> dict:
        return {(r.area, r.action): r.scope for r in self.role.rights.all()}

    def scope(self, area: str, action: str = Action.VIEW) -> str:
        """How far this user's role reaches: one of Scope. One query for all cells, once per request."""
        return self._matrix.get((area, action), Scope.NONE)

    def may(self, area: str, action: str = Action.VIEW) -> bool:
        """Is there anything in `area` with which the user may do `action`?"""
        return self.is_active and self.scope(area, action) != Scope.NONE

    @cached_property
    def colleague_ids(self) -> frozenset[int]:
        """The user, the members of the user's team, and of the teams the user leads."""
        mates = models.Q(pk=self.pk) | models.Q(team__lead=self)
        if self.team_id:
            mates |= models.Q(team=self.team_id)
        return frozenset(User.objects.filter(mates).values_list("pk", flat=True))

    # What Django's admin asks for; there the administration's rights decide, and nothing else.
    @property
    def is_staff(self) -> bool:
        return self.may(Area.ADMINISTRATION)

    @property
    def is_superuser(self) -> bool:
        return self.is_active and self.scope(Area.ADMINISTRATION, Action.CHANGE) == Scope.ALL

    def has_perm(self, perm, obj=None) -> bool:
        return self.is_superuser

    def has_module_perms(self, app_label) -> bool:
        return self.is_superuser


class TokenQuerySet(models.QuerySet):
    def visible_to(self, user, action: str = Action.VIEW):
        """One's own tokens; those who administer see and end all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope(Area.ADMINISTRATION, action) == Scope.ALL else self.filter(user=user)


class ApiToken(models.Model):
    """A key to the API. Only its hash is kept: whoever reads the table cannot use it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=80)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)

    objects = TokenQuerySet.as_manager()
    area = Area.ADMINISTRATION

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self):
        return f"{self.name} ({self.hint}…)"

    @classmethod
    def issue(cls, *, user, name: str, expires_at=None) -> tuple["ApiToken", str]:
        """A new token and its secret. The secret is shown once and never again."""
        secret = "crm_" + secrets.token_urlsafe(32)
        token = cls.objects.create(
            user=user, name=name, hash=cls.digest(secret), hint=secret[:8], expires_at=expires_at
        )
        return token, secret

    @staticmethod
    def digest(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    @classmethod
    def user_of(cls, secret: str) -> User | None:
        """Whose token this is; None if it is unknown, expired, or its user is deactivated."""
        now = timezone.now()
        token = (
            cls.objects.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now))
            .filter(hash=cls.digest(secret), user__is_active=True)
            .select_related("user__role")
            .first()
        )
        if token is None:
            return None
        if token.last_used_at is None or (now - token.last_used_at).total_seconds() > 60:
            cls.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user
