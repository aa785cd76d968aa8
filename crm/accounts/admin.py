"""Users, teams and roles as raw tables."""

from django import forms
from django.contrib import admin
from django.contrib.auth import password_validation
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import ApiToken, Right, Role, Team, User
from crm.core.adminsite import RuledAdmin
from crm.core.refusals import Refused

# Roles decide here; Django's groups decide nothing.
admin.site.unregister(Group)


def _still_admin(request) -> None:
    """Refuse what would lock out the person who does it."""
    if not User.objects.get(pk=request.user.pk).is_superuser:
        raise Refused(_("You would lock yourself out of the administration. Nothing was saved."))


class UserForm(forms.ModelForm):
    password = forms.CharField(
        label=gettext_lazy("New password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Empty: stays as it is. A new user without a password cannot sign in."),
    )

    class Meta:
        model = User
        fields = ("email", "name", "role", "team", "language", "theme", "is_active")

    def clean_email(self):
        return self.cleaned_data["email"].strip().lower()

    def clean_password(self):
        password = self.cleaned_data["password"]
        if password:
            password_validation.validate_password(password, self.instance)
        return password


@admin.register(User)
class UserAdmin(RuledAdmin):
    form = UserForm
    fields = ("email", "name", "password", "role", "team", "language", "theme", "is_active", "created_at", "last_login")
    readonly_fields = ("created_at", "last_login")
    list_display = ("name", "email", "role", "team", "is_active", "last_login")
    list_filter = ("is_active", "role", "team")
    list_select_related = ("role", "team")
    search_fields = ("name", "email")
    ordering = ("name", "pk")
    hint = gettext_lazy("Switch the user off instead: the records stay, nobody can sign in with it.")

    def save_model(self, request, obj, form, change):
        password = form.cleaned_data.get("password")
        if password:
            obj.set_password(password)
        elif not change:
            obj.set_unusable_password()
        else:
            # The form's field has the model field's name: an empty one must not empty the password.
            obj.password = User.objects.values_list("password", flat=True).get(pk=obj.pk)
        super().save_model(request, obj, form, change)
        _still_admin(request)

    def delete_model(self, request, obj):
        if obj.pk == request.user.pk:
            raise Refused(_("You cannot delete yourself."))
        super().delete_model(request, obj)


class RightInline(admin.TabularInline):
    model = Right
    extra = 0


@admin.register(Role)
class RoleAdmin(RuledAdmin):
    list_display = ("label", "name")
    search_fields = ("name",)
    ordering = ("pk",)
    inlines = (RightInline,)
    hint = gettext_lazy("Give the users another role first.")

    @admin.display(description=gettext_lazy("role"), ordering="name")
    def label(self, role):
        return str(role)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        _still_admin(request)


@admin.register(Team)
class TeamAdmin(RuledAdmin):
    list_display = ("name", "lead")
    list_select_related = ("lead",)
    search_fields = ("name",)
    ordering = ("name",)
    hint = gettext_lazy("Put its members into another team first.")


@admin.register(ApiToken)
class ApiTokenAdmin(RuledAdmin):
    """Tokens are made by their users, who alone see them; here they are ended."""

    list_display = ("name", "user", "hint_shown", "created_at", "last_used_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__name", "user__email")
    fields = readonly_fields = ("name", "user", "hint_shown", "created_at", "last_used_at", "expires_at")

    @admin.display(description=gettext_lazy("begins with"), ordering="hint")
    def hint_shown(self, token):
        return f"{token.hint}…"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
