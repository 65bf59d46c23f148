"""Hours of dictation: does memory stay, do texts stay on time, is everything there at the end?"""
