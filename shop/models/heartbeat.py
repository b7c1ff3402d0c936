from django.db import models


class Heartbeat(models.Model):
    """When a clockwork of the shop last turned. It stands in the database, so that losing the broker loses nothing."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
