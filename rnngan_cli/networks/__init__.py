"""GRU and LSTM layers with their recurrences and adjoints; generator, discriminator and recognizer."""
