"""What every command has in common: how it speaks, which signals it hears, how it takes the values of options."""
