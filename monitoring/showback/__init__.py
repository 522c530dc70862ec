"""What each department's part of the cloud costs by a price book, month by month; a closed month is not changed any more."""
