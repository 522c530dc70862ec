"""What is tried on volumes, images and objects."""

from __future__ import annotations

from intrusion import BAD, Attempt

BLOCK_STORAGE = (
    Attempt("read a volume", "block_storage", "GET", "/volumes/{volume}"),
    Attempt("read a snapshot", "block_storage", "GET", "/snapshots/{snapshot}"),
    Attempt("rename a volume", "block_storage", "PUT", "/volumes/{volume}", {"volume": {"name": "intruder"}}),
    Attempt("extend a volume", "block_storage", "POST", "/volumes/{volume}/action", {"os-extend": {"new_size": 2}}),
    Attempt("reserve a volume", "block_storage", "POST", "/volumes/{volume}/action", {"os-reserve": {}}),
    Attempt(
        "make an image of a volume",
        "block_storage",
        "POST",
        "/volumes/{volume}/action",
        {"os-volume_upload_image": {"image_name": "intruder"}},
    ),
    Attempt(
        "attach a volume",
        "block_storage",
        "POST",
        "/attachments",
        {"attachment": {"volume_uuid": "{volume}", "instance_uuid": "{own_server}"}},
        BAD,
    ),
    Attempt("write a volume's metadata", "block_storage", "POST", "/volumes/{volume}/metadata", {"metadata": {"a": "b"}}),
    Attempt("snapshot a volume", "block_storage", "POST", "/snapshots", {"snapshot": {"volume_id": "{volume}"}}),
    Attempt("copy a volume", "block_storage", "POST", "/volumes", {"volume": {"size": 1, "source_volid": "{volume}"}}, BAD),
    Attempt(
        "copy a snapshot", "block_storage", "POST", "/volumes", {"volume": {"size": 1, "snapshot_id": "{snapshot}"}}, BAD
    ),
    Attempt("copy an image", "block_storage", "POST", "/volumes", {"volume": {"size": 1, "imageRef": "{image}"}}, BAD),
    Attempt("give a volume away", "block_storage", "POST", "/volume-transfers", {"transfer": {"volume_id": "{volume}"}}),
    Attempt("read a transfer", "block_storage", "GET", "/volume-transfers/{transfer}"),
    Attempt(
        "accept a transfer without its key",
        "block_storage",
        "POST",
        "/volume-transfers/{transfer}/accept",
        {"accept": {"auth_key": "guessed"}},
        BAD,
    ),
    Attempt("cancel a transfer", "block_storage", "DELETE", "/volume-transfers/{transfer}"),
    Attempt("read a quota", "block_storage", "GET", "/os-quota-sets/{project}"),
    Attempt("raise a quota", "block_storage", "PUT", "/os-quota-sets/{project}", {"quota_set": {"volumes": 99}}),
    Attempt("delete a snapshot", "block_storage", "DELETE", "/snapshots/{snapshot}"),
    Attempt("delete a volume", "block_storage", "DELETE", "/volumes/{volume}"),
)

IMAGE = (
    Attempt("read an image", "image", "GET", "/images/{image}"),
    Attempt("read an image's bytes", "image", "GET", "/images/{image}/file"),
    Attempt("list who may use an image", "image", "GET", "/images/{image}/members"),
    Attempt("become a member of an image", "image", "POST", "/images/{image}/members", {"member": "{own_project}"}),
    Attempt(
        "accept an image that nobody offered",
        "image",
        "PUT",
        "/images/{image}/members/{own_project}",
        {"status": "accepted"},
    ),
    Attempt("make an image for a project", "image", "POST", "/images", {"name": "intruder", "owner": "{project}"}),
    Attempt("make an image for all", "image", "POST", "/images", {"name": "intruder", "visibility": "public"}),
    Attempt("tag an image", "image", "PUT", "/images/{image}/tags/intruder"),
    Attempt("delete an image", "image", "DELETE", "/images/{image}"),
)

GATEWAY = (
    "Ceph 16 lets anybody make a container in any account; it is the account's, empty, and its maker can do no more with it"
)
_OTHER, _OWN = "{account}/{container}", "{own_account}/{own_container}"
OBJECT_STORE = (
    Attempt("list an account", "object_store", "GET", "{account}"),
    Attempt("list a container", "object_store", "GET", _OTHER),
    Attempt("read an object", "object_store", "GET", _OTHER + "/report.txt"),
    Attempt("read it by its own account's address", "object_store", "GET", "{own_account}/{container}/report.txt"),
    Attempt("write an object", "object_store", "PUT", _OTHER + "/intruder"),
    Attempt("overwrite an object", "object_store", "PUT", _OTHER + "/report.txt"),
    Attempt("make a container", "object_store", "PUT", "{account}/{planted}", known=GATEWAY),
    Attempt(
        "make a container that it may read",
        "object_store",
        "PUT",
        "{account}/{container}-spy",
        headers={"X-Container-Read": "{own_project}:*"},
    ),
    Attempt("open a container", "object_store", "POST", _OTHER, headers={"X-Container-Read": ".r:*"}),
    Attempt(
        "set a key for signed addresses", "object_store", "POST", "{account}", headers={"X-Account-Meta-Temp-URL-Key": "x"}
    ),
    Attempt(
        "copy an object to itself (COPY)",
        "object_store",
        "COPY",
        _OTHER + "/report.txt",
        headers={"Destination": "{own_container}/stolen", "Destination-Account": "AUTH_{own_project}"},
    ),
    Attempt(
        "copy an object to itself (X-Copy-From-Account)",
        "object_store",
        "PUT",
        _OWN + "/stolen",
        headers={"X-Copy-From": "{container}/report.txt", "X-Copy-From-Account": "AUTH_{project}"},
    ),
    Attempt(
        "copy an object to itself (X-Copy-From)",
        "object_store",
        "PUT",
        _OWN + "/stolen",
        headers={"X-Copy-From": "/{container}/report.txt"},
    ),
    Attempt(
        "copy its own object there",
        "object_store",
        "COPY",
        _OWN + "/mine.txt",
        headers={"Destination": "{container}/report.txt", "Destination-Account": "AUTH_{project}"},
    ),
    Attempt("delete an object", "object_store", "DELETE", _OTHER + "/report.txt"),
    Attempt("delete a container", "object_store", "DELETE", _OTHER),
)
