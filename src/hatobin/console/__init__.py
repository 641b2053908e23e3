"""Door: staff screens in Japanese and English."""
