#!/usr/bin/env bash
# Speaks the ten digits in each language of the public pages into
# {language}/{digit}.wav beside this file: mono, 8 kHz, 16 bits, silence cut,
# equally loud. Run it once when a voice changes and commit what it wrote.
# Needs espeak-ng and sox (Debian packages of these names).
set -euo pipefail
cd "$(dirname "$0")"

say() { # language voice words-a-minute word...
  local language=$1 voice=$2 pace=$3 digit=0 word raw
  shift 3
  mkdir -p "$language"
  raw=$(mktemp --suffix=.wav)
  for word in "$@"; do
    espeak-ng -v "$voice" -s "$pace" -a 80 -w "$raw" "$word"
    # Below 120 Hz and above 3.6 kHz there is no speech to lose. Half a hundredth
    # of a second of fading at both ends keeps the cut from clicking.
    sox -D "$raw" -r 8000 -b 16 -c 1 "$language/$digit.wav" \
      highpass 120 lowpass 3600 \
      silence 1 0.005 0.4% fade t 0.005 reverse \
      silence 1 0.005 0.4% fade t 0.005 reverse gain -n -1
    digit=$((digit + 1))
  done
  rm -f "$raw"
}

say fr fr-be 130 zéro un deux trois quatre cinq six sept huit neuf
say de de    130 null eins zwei drei vier fünf sechs sieben acht neun
say nl nl    130 nul één twee drie vier vijf zes zeven acht negen
say en en-gb 130 zero one two three four five six seven eight nine
