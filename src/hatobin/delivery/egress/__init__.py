"""Roads out of the house: the SMTP client with the dot barrier. No Django in here."""
