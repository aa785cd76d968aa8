"""The mail server that is not there."""

from django.core.mail.backends.base import BaseEmailBackend

from crm.mail.sending import NO_SERVER


class NoServer(BaseEmailBackend):
    """Where EMAIL_URL is missing in production, mail waits and says why; nothing is lost in a log."""

    def send_messages(self, email_messages):
        raise ConnectionError(NO_SERVER)
