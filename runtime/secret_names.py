"""The names that a process, and the probe that waits for it, know its files of logins and certificates by."""

CREDENTIALS = "CROSSHOOK_CREDENTIALS"
TLS = ("CROSSHOOK_TLS_AUTHORITY", "CROSSHOOK_TLS_CERTIFICATE", "CROSSHOOK_TLS_KEY")
"""The variables with the paths of the files."""

WRITTEN = "crosshook_secrets_written_timestamp_seconds"
"""The metric with the time of the newest file in use."""
