"""Reading lists, people and imports."""

from hatobin.audience.queries.imports import (
    ImportStatus,
    ProblemRow,
    access_import,
    import_status,
    imports,
    problems,
    refused_rows,
)
from hatobin.audience.queries.lists import (
    Count,
    ListSummary,
    access_list,
    count,
    fields,
    fields_of_list,
    list_summary,
    lists,
    stopped_counts,
)
from hatobin.audience.queries.pages import Page
from hatobin.audience.queries.people import (
    OpenPerson,
    PersonRow,
    access_contact,
    iter_people,
    people,
    people_at,
    sendable,
)
from hatobin.audience.queries.person import ListPlace, PersonDetail, person_detail

__all__ = [
    "Count",
    "ImportStatus",
    "ListPlace",
    "ListSummary",
    "OpenPerson",
    "Page",
    "PersonDetail",
    "PersonRow",
    "ProblemRow",
    "access_contact",
    "access_import",
    "access_list",
    "count",
    "fields",
    "fields_of_list",
    "import_status",
    "imports",
    "iter_people",
    "list_summary",
    "lists",
    "people",
    "people_at",
    "person_detail",
    "problems",
    "refused_rows",
    "sendable",
    "stopped_counts",
]
