"""Reading, judging and stamping PDF files."""
