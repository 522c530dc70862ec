"""What each dashboard shows: every panel with the question it asks Prometheus and the unit of the answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Panel:
    """One picture: its title, what is asked, what a line is called, and Grafana's name of the unit."""

    title: str
    expressions: tuple[tuple[str, str], ...]
    """Question and legend."""
    unit: str
    kind: str = "timeseries"
    description: str = ""


@dataclass(frozen=True)
class Dashboard:
    """A page of panels. ``department`` lets who looks choose one."""

    uid: str
    title: str
    panels: tuple[Panel, ...]
    department: bool = False


_MINE = '{department=~"$department"}'

CLOUD = Dashboard(
    "oneroof-cloud",
    "oneroof: the cloud",
    (
        Panel("Processors: measured use of the hosts", (("site:node_cpu:utilisation1h", "{{site}}, 1 h"),), "percentunit"),
        Panel("Memory: measured use of the hosts", (("site:node_memory:utilisation1h", "{{site}}, 1 h"),), "percentunit"),
        Panel(
            "Cores: given and to be given",
            (
                ("sum by (site) (oneroof_usage_cores)", "given"),
                ("sum by (site) (oneroof_capacity_cores)", "capacity"),
                ("sum by (site) (oneroof_quota_cores)", "promised by quotas"),
            ),
            "short",
        ),
        Panel(
            "Memory: given and to be given",
            (
                ("sum by (site) (oneroof_usage_memory_bytes)", "given"),
                ("sum by (site) (oneroof_capacity_memory_bytes)", "capacity"),
            ),
            "bytes",
        ),
        Panel(
            "Storage: written, given and to be given",
            (
                ("sum by (site) (oneroof_stored_bytes)", "written"),
                ("sum by (site) (oneroof_usage_storage_bytes)", "given"),
                ("sum by (site) (oneroof_capacity_storage_bytes)", "capacity"),
            ),
            "bytes",
        ),
        Panel(
            "Floating addresses",
            (
                ("sum by (site) (oneroof_usage_floating_addresses)", "given"),
                ("sum by (site) (oneroof_capacity_floating_addresses)", "capacity"),
            ),
            "short",
        ),
        Panel(
            "Hosts: cores of servers at work",
            (("host:oneroof_server_cpu:avg1h", "{{host}}, 1 h"), ("host:oneroof_server_cpu:avg30d", "{{host}}, 30 days")),
            "short",
        ),
        Panel(
            "Hosts: servers",
            (("oneroof_host_servers", "{{host}}"),),
            "short",
        ),
        Panel(
            "Flavors: measured use",
            (
                ("flavor:oneroof_cpu:utilisation1h", "{{flavor}}, 1 h"),
                ("flavor:oneroof_cpu:utilisation30d", "{{flavor}}, 30 days"),
            ),
            "percentunit",
        ),
        Panel(
            "Measured share of the last thirty days",
            (("site:oneroof_measured:ratio30d", "{{site}}"),),
            "percentunit",
            "stat",
            "Below 100 % there are hours without a measurement; no figure fills them.",
        ),
    ),
)
DEPARTMENT = Dashboard(
    "oneroof-department",
    "oneroof: a department",
    (
        Panel(
            "Processors: measured use of what was given",
            (
                (f"department:oneroof_cpu:utilisation1h{_MINE}", "{{department}}, 1 h"),
                (f"department:oneroof_cpu:utilisation1d{_MINE}", "{{department}}, 1 day"),
                (f"department:oneroof_cpu:utilisation30d{_MINE}", "{{department}}, 30 days"),
            ),
            "percentunit",
        ),
        Panel(
            "Projects",
            (
                (f"project:oneroof_cpu:utilisation1h{_MINE}", "{{project}}, 1 h"),
                (f"project:oneroof_cpu:utilisation30d{_MINE}", "{{project}}, 30 days"),
            ),
            "percentunit",
        ),
        Panel("Servers: cores at work", ((f"rate(oneroof_server_cpu_seconds_total{_MINE}[5m])", "{{server}}"),), "short"),
        Panel(
            "Memory: in use inside the servers",
            (
                (f"department:oneroof_memory:utilisation1h{_MINE}", "{{department}}, 1 h"),
                (f"department:oneroof_memory:utilisation1d{_MINE}", "{{department}}, 1 day"),
                (f"department:oneroof_memory:utilisation30d{_MINE}", "{{department}}, 30 days"),
            ),
            "percentunit",
            description="Of servers whose balloon driver reports; of others nobody knows.",
        ),
        Panel(
            "Bytes of a day: disks and networks",
            (
                (f"department:oneroof_server_disk_read_bytes:sum1d{_MINE}", "{{department}} read"),
                (f"department:oneroof_server_disk_written_bytes:sum1d{_MINE}", "{{department}} written"),
                (f"department:oneroof_server_network_received_bytes:sum1d{_MINE}", "{{department}} received"),
                (f"department:oneroof_server_network_sent_bytes:sum1d{_MINE}", "{{department}} sent"),
            ),
            "bytes",
        ),
        Panel("Servers: memory in use", ((f"oneroof_server_memory_used_bytes{_MINE}", "{{server}}"),), "bytes"),
        Panel(
            "Servers: disks",
            (
                (f"rate(oneroof_server_disk_read_bytes_total{_MINE}[5m])", "{{server}} read"),
                (f"rate(oneroof_server_disk_written_bytes_total{_MINE}[5m])", "{{server}} written"),
            ),
            "Bps",
        ),
        Panel(
            "Servers: network",
            (
                (f"rate(oneroof_server_network_received_bytes_total{_MINE}[5m])", "{{server}} received"),
                (f"rate(oneroof_server_network_sent_bytes_total{_MINE}[5m])", "{{server}} sent"),
            ),
            "Bps",
        ),
        Panel(
            "Cores: quota and given",
            ((f"oneroof_quota_cores{_MINE}", "{{project}} quota"), (f"oneroof_usage_cores{_MINE}", "{{project}} given")),
            "short",
        ),
        Panel("Volumes by type", ((f"oneroof_volume_bytes{_MINE}", "{{project}} {{volume_type}}"),), "bytes"),
        Panel("Containers", ((f"oneroof_container_bytes{_MINE}", "{{project}} {{container}}"),), "bytes"),
        Panel("Answers of servers", ((f"oneroof_probe_success{_MINE}", "{{server}}"),), "bool"),
        Panel(
            "Age of the newest good backup",
            ((f"time() - oneroof_backup_restorable_timestamp_seconds{_MINE}", "{{name}}"),),
            "s",
        ),
        Panel("Networks shared with others", ((f"oneroof_shared_networks{_MINE}", "{{department}}"),), "short"),
    ),
    department=True,
)
PLATFORM = Dashboard(
    "oneroof-platform",
    "oneroof: what the cloud stands on",
    (
        Panel(
            "Ceph: health", (("ceph_health_status", "{{site}}"),), "short", description="0 well, 1 a warning, 2 an error."
        ),
        Panel(
            "Ceph: used and there",
            (("ceph_cluster_total_used_bytes", "{{site}} used"), ("ceph_cluster_total_bytes", "{{site}} there")),
            "bytes",
        ),
        Panel(
            "Ceph: bytes through its daemons",
            (
                ("sum by (site) (rate(ceph_osd_op_r_out_bytes[5m]))", "{{site}} read"),
                ("sum by (site) (rate(ceph_osd_op_w_in_bytes[5m]))", "{{site}} written"),
            ),
            "Bps",
        ),
        Panel("Ceph: time until a daemon has written", (("ceph_osd_apply_latency_ms", "{{ceph_daemon}}"),), "ms"),
        Panel("MariaDB: queries a second", (("rate(mysql_global_status_queries[5m])", "{{instance}}"),), "qps"),
        Panel(
            "MariaDB: connections",
            (
                ("mysql_global_status_threads_connected", "{{instance}} open"),
                ("mysql_global_variables_max_connections", "{{instance}} at most"),
            ),
            "short",
        ),
        Panel(
            "MariaDB: queries of over ten seconds, an hour",
            (("increase(mysql_global_status_slow_queries[1h])", "{{instance}}"),),
            "short",
        ),
        Panel("RabbitMQ: messages that nobody took", (("rabbitmq_queue_messages_ready", "{{instance}}"),), "short"),
        Panel("RabbitMQ: connections", (("rabbitmq_connections", "{{instance}}"),), "short"),
        Panel(
            "HAProxy: services behind which nobody is",
            (('haproxy_backend_status{state="DOWN"} == 1', "{{proxy}} on {{instance}}"),),
            "short",
        ),
        Panel(
            "HAProxy: answers of 500 and above, a second",
            (('sum by (proxy) (rate(haproxy_backend_http_responses_total{code="5xx"}[5m]))', "{{proxy}}"),),
            "reqps",
        ),
        Panel(
            "HAProxy: time of an answer",
            (("haproxy_backend_response_time_average_seconds", "{{proxy}}"),),
            "s",
            description="The mean of the last 1,024 requests.",
        ),
    ),
)
MEASUREMENT = Dashboard(
    "oneroof-measurement",
    "oneroof: whether the measuring works",
    (
        Panel("Sources that cannot be read", (("oneroof_source_success == 0", "{{source}}"),), "short"),
        Panel("Age of readings", (("time() - oneroof_source_read_timestamp_seconds", "{{source}}"),), "s"),
        Panel("Time of a reading", (("oneroof_source_duration_seconds", "{{source}}"),), "s"),
        Panel("Calls to the cloud in a turn", (("oneroof_api_calls_of_turn", "{{instance}}"),), "short"),
        Panel("Answers of the APIs", (("oneroof_api_answer_seconds", "{{service}}"),), "s"),
        Panel(
            "Parts of services that do not report", (('oneroof_agents{state="down"}', "{{service}} {{binary}}"),), "short"
        ),
        Panel(
            "Oldest reading of a project's own limits",
            (("time() - min by (site) (oneroof_quota_read_timestamp_seconds)", "{{site}}"),),
            "s",
        ),
    ),
)
SAVINGS = Dashboard(
    "oneroof-savings",
    "oneroof: what it saves",
    (
        Panel("Hosts by who uses them", (("oneroof_attributed_hosts", "{{department}}"),), "short"),
        Panel(
            "Surveyed servers, and those switched off",
            (("sum(oneroof_baseline_servers)", "before"), ("sum(oneroof_retired_servers)", "switched off")),
            "short",
        ),
        Panel("Money no longer paid, a year", (("oneroof_saving_yuan_per_year", "{{department}}"),), "currencyCNY"),
        Panel("Cost avoided, a year", (("oneroof_avoided_cost_yuan_per_year", "{{department}}"),), "currencyCNY"),
        Panel(
            "Energy no longer used, a year", (("oneroof_saved_energy_kilowatt_hours_per_year", "{{department}}"),), "kwatth"
        ),
        Panel("CO2 no longer emitted, a year", (("oneroof_saved_carbon_kilograms_per_year", "{{department}}"),), "masskg"),
        Panel("Departments with a baseline", (("oneroof_baseline_coverage_ratio", "{{site}}"),), "percentunit", "stat"),
    ),
)
DASHBOARDS = (CLOUD, DEPARTMENT, PLATFORM, MEASUREMENT, SAVINGS)
