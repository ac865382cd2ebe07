"""Programs that only send mail, each in a box of its own: they stand in each other's way."""

from lab import Box

ssmtp = Box("ssmtp", ["ssmtp"])
esmtp = Box("esmtp", ["esmtp"])


class Of:
    def __init__(self, box):
        self.box = box


SENDERS = {box.name: Of(box) for box in (ssmtp, esmtp)}
