"""Lists and the people on them."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Path, Router
from ninja import Status as Reply

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.schemas.base import PAGE, PER_PAGE, Key
from hatobin.api.schemas.lists import (
    Added,
    Changed,
    ListIn,
    ListOut,
    PersonChange,
    PersonDetailOut,
    PersonIn,
    PersonPage,
)
from hatobin.audience import queries
from hatobin.audience.services import lists, people

router = Router(tags=["Lists"])


@router.get("/lists", response=list[ListOut], openapi_extra=needs(Right.VIEW))
def get_lists(request: HttpRequest) -> Any:
    """All lists.

    Every list of the workspace, last changed first.
    """
    return queries.lists(actor_of(request))


@router.post("/lists", response={201: ListOut}, openapi_extra=needs(Right.EDIT_LISTS))
def create_list(request: HttpRequest, body: ListIn) -> Any:
    """A new list.

    An empty list. An import makes its list by itself, so this is needed only to add people one by one.
    """
    made = lists.create_list(actor_of(request), name=body.name)
    return Reply(201, queries.list_summary(actor_of(request), made.pk))


@router.get("/lists/{list_id}", response=ListOut, openapi_extra=needs(Right.VIEW))
def get_list(request: HttpRequest, list_id: uuid.UUID) -> Any:
    """One list.

    Its number of people and the names of fields that a letter to it can merge.
    """
    return queries.list_summary(actor_of(request), list_id)


@router.patch("/lists/{list_id}", response=ListOut, openapi_extra=needs(Right.EDIT_LISTS))
def rename_list(request: HttpRequest, list_id: uuid.UUID, body: ListIn) -> Any:
    """Another name for a list.

    Letters that use the list go on using it.
    """
    lists.rename_list(actor_of(request), list_id, name=body.name)
    return queries.list_summary(actor_of(request), list_id)


@router.delete("/lists/{list_id}", response={204: None}, openapi_extra=needs(Right.EDIT_LISTS))
def delete_list(request: HttpRequest, list_id: uuid.UUID) -> Any:
    """Removes a list.

    People who are on no other list and never got a letter are forgotten with it. Refused (409) while a
    letter on its way or an import uses the list.
    """
    lists.delete_list(actor_of(request), list_id)
    return Reply(204, None)


@router.get("/lists/{list_id}/people", response=PersonPage, openapi_extra=needs(Right.VIEW_PEOPLE))
def get_people(
    request: HttpRequest,
    list_id: uuid.UUID,
    search: str = "",
    page: int = PAGE,
    per_page: int = PER_PAGE,
) -> Any:
    """The people on a list.

    In the order of the list. ``search``: words that stand anywhere in address, name, reading, company or
    phone number.
    """
    return queries.people(actor_of(request), list_id, search=search, page=page, per_page=per_page)


@router.post(
    "/lists/{list_id}/people", response={201: Added}, openapi_extra=needs(Right.EDIT_LISTS)
)
def add_person(request: HttpRequest, list_id: uuid.UUID, body: PersonIn) -> Any:
    """Puts one person on a list.

    At its end. Somebody the workspace knows already is updated as by an import: given fields replace,
    others stay. Refused (409) when the person is on the list, or has left it.
    """
    contact_id = people.add_person(
        actor_of(request), list_id, body.address, body.fields, body.basis
    )
    return Reply(201, {"contact_id": contact_id})


@router.delete(
    "/lists/{list_id}/people/{contact_id}",
    response={204: None},
    openapi_extra=needs(Right.EDIT_LISTS),
)
def remove_person(request: HttpRequest, list_id: uuid.UUID, contact_id: Path[Key]) -> Any:
    """Takes a person off a list.

    One who is on no other list and never got a letter is forgotten. This is not an unsubscribe: to keep
    somebody from being mailed, put the address on the do-not-mail list.
    """
    people.remove_person(actor_of(request), list_id, contact_id)
    return Reply(204, None)


@router.get(
    "/people/{contact_id}", response=PersonDetailOut, openapi_extra=needs(Right.VIEW_PEOPLE)
)
def get_person(request: HttpRequest, contact_id: Path[Key]) -> Any:
    """One person.

    Every field, and every list the person is or was on, with the basis for writing to them.
    """
    return queries.person_detail(actor_of(request), contact_id)


@router.patch(
    "/people/{contact_id}",
    response=Changed,
    openapi_extra=needs(Right.EDIT_LISTS, Right.VIEW_PEOPLE),
)
def change_person(request: HttpRequest, contact_id: Path[Key], body: PersonChange) -> Any:
    """Changes fields of a person.

    On every list the person is on. A letter that is on its way to the person is cancelled for them,
    because it would not be what was checked.
    """
    revision = people.edit_person(
        actor_of(request), contact_id, body.fields, revision=body.revision
    )
    return {"revision": revision}
