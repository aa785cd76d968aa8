"""Addresses of accounting, below /invoices/."""

from django.urls import path

from crm.accounting.datev import views as datev
from crm.accounting.dunning import views as dunning
from crm.accounting.statements import views as bank
from crm.accounting.statements.lists import EntryList

app_name = "accounting"

urlpatterns = [
    path("datev/", datev.export, name="datev"),
    path("due/", dunning.DueList.as_view(), name="due"),
    path("due/remind/", dunning.remind, name="remind"),
    path("<int:pk>/reminders/<int:notice>/", dunning.letter, name="letter"),
    path("<int:pk>/remind/", dunning.remind_one, name="remind-one"),
    path("<int:pk>/dunning-block/", dunning.block, name="block"),
    path("<int:pk>/dunning-block/remove/", dunning.unblock, name="unblock"),
    path("bank/", EntryList.as_view(), name="entries"),
    path("bank/import/", bank.import_statement, name="import"),
    path("bank/book-sure/", bank.book_sure, name="book-sure"),
    path("bank/ignore/", bank.ignore_all, name="ignore-all"),
    path("bank/statements/<int:pk>/", bank.columns, name="columns"),
    path("bank/statements/<int:pk>/discard/", bank.discard, name="discard"),
    path("bank/<int:pk>/", bank.entry, name="entry"),
    path("bank/<int:pk>/book/", bank.book, name="book"),
    path("bank/<int:pk>/choose/", bank.choose, name="choose"),
    path("bank/<int:pk>/invoices/", bank.pick, name="pick"),
    path("bank/<int:pk>/ignore/", bank.ignore, name="ignore"),
    path("bank/<int:pk>/undo/", bank.undo, name="undo"),
]
