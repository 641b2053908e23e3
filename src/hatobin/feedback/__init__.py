"""What comes back: unsubscribes now; bounces and complaints later."""
