"""The language and the time zone of a request: the user's own, else the browser's and the company's."""

from django.utils import timezone, translation


def preferences(get_response):
    def middleware(request):
        user = request.user
        language = (user.is_authenticated and user.language) or translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        with timezone.override(user.zone if user.is_authenticated else None):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        translation.deactivate()
        return response

    return middleware
