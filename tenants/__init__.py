"""What departments ask for, and the words that everything else speaks: nothing here reaches a cloud."""
