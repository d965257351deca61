"""The Deezer carousel: 862 playlists, 12 slots, batch feedback, and policies that learn from it.

Source: Bendada, Salha and Bontempelli, "Carousel Personalization in Music Streaming Apps with Contextual
Bandits", RecSys 2020 (arXiv 2009.06546).
"""
