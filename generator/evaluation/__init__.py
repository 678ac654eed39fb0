"""What the trained model can be asked for, and how its clips are looked at and listened to."""
