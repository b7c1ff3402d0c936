"""What `manage.py bench` measures: the shop beside the limit of the machine, both in the same run."""
