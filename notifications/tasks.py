import logging

from celery import shared_task
from django.utils import timezone

from notifications.delivery import deliver_due

logger = logging.getLogger(__name__)


@shared_task(name="notifications.tasks.deliver_letters")
def deliver_letters() -> None:
    tally = deliver_due(timezone.now)
    if tally.sent or tally.failed:
        logger.info("Letters: %s.", tally)
