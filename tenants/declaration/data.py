"""What a department declares that holds data, the recovery tier of each, and the waiver that lets it go without one."""

from __future__ import annotations

from collections.abc import Iterator

from tenants.declaration.model import Department
from tenants.declaration.source import Place
from tenants.declaration.waiver import Data, Waiver


def find_data(department: Department) -> Iterator[Data]:
    """Give everything declared that holds data, with the recovery tier it has in the end."""
    for at, project in enumerate(department.projects):
        inherited = project.recovery or department.recovery
        for number, volume in enumerate(project.volumes):
            place: Place = ("projects", at, "volumes", number)
            yield Data("volume", f"{project.name}/{volume.name}", volume.recovery or inherited, place)
        for number, container in enumerate(project.containers):
            place = ("projects", at, "containers", number)
            yield Data("container", f"{project.name}/{container.name}", container.recovery or inherited, place)
        for number, image in enumerate(project.images):
            place = ("projects", at, "images", number)
            yield Data("image", f"{project.name}/{image.name}", image.recovery or inherited, place)
        for number, database in enumerate(project.databases):
            place = ("projects", at, "databases", number)
            yield Data("database", f"{project.name}/{database.name}", database.recovery or inherited, place)


def find_waiver(department: Department, data: Data) -> Waiver | None:
    """Give the waiver of a thing that ends last; nothing where none names it."""
    own = [waiver for waiver in department.waivers if waiver.covers(data)]
    return max(own, key=lambda waiver: waiver.expires, default=None)
