"""`crosshook lag`: the content of a service's page at `/dashboard`, in a terminal."""
