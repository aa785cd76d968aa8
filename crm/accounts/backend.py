"""Sign-in by e-mail and password."""

from django.contrib.auth.backends import ModelBackend

from crm.accounts.models import User


class Backend(ModelBackend):
    """Finds the user by e-mail, whatever its case; brings role and rights along for the request."""

    def get_user(self, user_id):
        user = User.objects.select_related("role", "team").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    def get_user_permissions(self, user_obj, obj=None):
        return set()

    get_group_permissions = get_all_permissions = get_user_permissions
