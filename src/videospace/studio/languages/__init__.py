"""The languages of the interface: a gettext catalogue for each, beside this file."""
