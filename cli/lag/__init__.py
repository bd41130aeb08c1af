"""`crosshook lag`: what a service's page at `/dashboard` shows, in a terminal."""
