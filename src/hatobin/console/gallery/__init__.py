"""The component gallery: every part of the design system on one page."""
