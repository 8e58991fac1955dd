// What a voice says to be heard, in the language of the person.

import { profile } from "../profile.js";

const SAMPLES = {
  en: "Hello. This is my voice.",
  de: "Hallo. Das ist meine Stimme.",
  fr: "Bonjour. Voici ma voix.",
  es: "Hola. Esta es mi voz.",
  hi: "नमस्ते। यह मेरी आवाज़ है।",
};

export const voiceSample = () => SAMPLES[profile().language.split("-")[0]] ?? SAMPLES.en;
