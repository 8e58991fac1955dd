// Twenty words and phrases to begin with: useful every day, and unlike each other on the lips.

export const STARTER_WORDS = {
  en: ["yes", "no", "water", "food", "thank you", "pain", "tired", "help me", "toilet", "cold", "too hot", "wait", "come here", "good morning", "family", "music", "open the window", "turn me over", "I love you", "leave me alone"],
  de: ["ja", "nein", "Wasser", "Hunger", "danke", "Schmerzen", "müde", "hilf mir", "Toilette", "kalt", "zu warm", "warte", "komm her", "guten Morgen", "Familie", "Musik", "Fenster auf", "dreh mich um", "ich liebe dich", "lass mich in Ruhe"],
  fr: ["oui", "non", "de l’eau", "j’ai faim", "merci", "douleur", "fatigué", "aide-moi", "toilettes", "froid", "trop chaud", "attends", "viens ici", "bonjour", "famille", "musique", "ouvre la fenêtre", "tourne-moi", "je t’aime", "laisse-moi seul"],
  es: ["sí", "no", "agua", "comida", "gracias", "dolor", "cansado", "ayúdame", "baño", "frío", "mucho calor", "espera", "ven aquí", "buenos días", "familia", "música", "abre la ventana", "dame la vuelta", "te quiero", "déjame solo"],
  hi: ["हाँ", "नहीं", "पानी", "खाना", "धन्यवाद", "दर्द", "थकान", "मदद करो", "शौचालय", "ठंड", "बहुत गर्मी", "रुको", "यहाँ आओ", "सुप्रभात", "परिवार", "संगीत", "खिड़की खोलो", "करवट दिलाओ", "मैं तुमसे प्यार करता हूँ", "मुझे अकेला छोड़ दो"],
};

// For a language such as "en-us"; English for one without a list.
export const starterWords = (language) => STARTER_WORDS[language.split("-")[0]] ?? STARTER_WORDS.en;
