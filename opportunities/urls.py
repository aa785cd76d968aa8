"""Addresses below /opportunities/."""

from django.urls import path

from opportunities import board, browse, related, views

app_name = "opportunities"

urlpatterns = [
    path("", browse.OpportunityList.as_view(), name="list"),
    path("board/", board.Board.as_view(), name="board"),
    path("board/<int:stage>/", board.Column.as_view(), name="column"),
    path("new/", views.create, name="new"),
    path("pick/", browse.pick, name="pick"),
    path("of-company/<int:pk>/", related.of_company, name="of-company"),
    path("of-person/<int:pk>/", related.of_person, name="of-person"),
    path("<int:pk>/", views.opportunity, name="opportunity"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/fact/<slug:field>/", views.fact, name="fact"),
    path("<int:pk>/card/", board.card_menu, name="card"),
    path("<int:pk>/move/<int:stage>/", views.move, name="move"),
    path("<int:pk>/convert/", views.convert, name="convert"),
    path("<int:pk>/win/", views.win, name="win"),
    path("<int:pk>/lose/", views.lose, name="lose"),
    path("<int:pk>/reopen/", views.reopen, name="reopen"),
    path("<int:pk>/delete/", views.delete, name="delete"),
    path("<int:pk>/subscribe/", views.subscribe, name="subscribe"),
    path("<int:pk>/unsubscribe/", views.unsubscribe, name="unsubscribe"),
    path("<int:pk>/files/", views.attach, name="attach"),
    path("<int:pk>/files/<int:file>/", views.file, name="file"),
    path("<int:pk>/files/<int:file>/remove/", views.detach, name="detach"),
]
