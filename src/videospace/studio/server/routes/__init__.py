"""The HTTP interface: routes and schemas."""
