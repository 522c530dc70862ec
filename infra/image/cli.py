"""``oneroof image``: builds the guest images and shows those that are there."""

from __future__ import annotations

import click

NAMES = ("tiny", "debian-12")


@click.group()
def image() -> None:
    """Build guest images from Debian packages."""


@image.command("build")
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[tiny|debian-12]...")
@click.option("--update", is_flag=True, help="Build again with the package versions of today.")
def build(names: tuple[str, ...], update: bool) -> None:
    """Build guest images (both where none is named) and print where each lies.

    One that is in the cache is not built again unless its recipe changed.
    """
    from rich.console import Console

    from infra.image.build import ensure_image

    talk = Console(stderr=True)
    for name in names or NAMES:
        with talk.status(f"image {name}") as status:

            def tell(message: str, name: str = name) -> None:
                status.update(f"{name}: {message}")
                talk.log(f"{name}: {message}")

            files = ensure_image(name, update=update, tell=tell)
        click.echo(files.directory)


@image.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_command(as_json: bool) -> None:
    """Show the images in the cache, newest first."""
    import json

    from infra.image.build import list_images

    images = list_images()
    if as_json:
        rows = [
            {
                "name": files.name,
                "digest": files.digest,
                "built_at": files.built_at,
                "bytes": files.bytes_on_disk,
                "directory": str(files.directory),
            }
            for files in images
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for files in images:
        size = f"{files.bytes_on_disk / 2**20:.0f} MiB"
        click.echo(f"{files.name:<10} {files.digest}  {files.built_at}  {size:>8}  {files.directory}")


COMMANDS: tuple[click.Command, ...] = (image,)
