"""The language of a request: the user's own, else the browser's."""

from django.utils import translation


def preferences(get_response):
    def middleware(request):
        user = request.user
        language = (user.is_authenticated and user.language) or translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        translation.deactivate()
        return response

    return middleware
