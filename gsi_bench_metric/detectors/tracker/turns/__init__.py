"""How far an object turned, told without knowing its surface: by its outline, and by what is painted on it."""
