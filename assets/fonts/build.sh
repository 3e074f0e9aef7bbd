#!/bin/sh
# Rebuilds the bundled fonts from Debian's package fonts-noto-core (Noto Sans, OFL 1.1).
#
#   sh assets/fonts/build.sh
#
# Needs: apt-get, dpkg-deb, python3 with venv. Writes *.ttf and OFL.txt beside this script.
# Subset: what European place names, map titles and field values are written in, with kerning,
# ligatures, marks and contextual joining; no hinting (glyphs are drawn unhinted), no glyph names.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get download fonts-noto-core
dpkg-deb -x fonts-noto-core_*.deb package
python3 -m venv venv
venv/bin/pip install --quiet fonttools==4.68.0

noto=package/usr/share/fonts/truetype/noto
# Latin with Extended-A, -B and Additional, IPA letters and modifiers, combining marks, Greek,
# Cyrillic, punctuation, superscripts, currency, letterlike signs, number forms
text=U+0020-007E,U+00A0-024F,U+0250-02FF,U+0300-036F,U+0370-03FF,U+0400-052F,U+1E00-1EFF
text=$text,U+2000-206F,U+2070-209C,U+20A0-20BF,U+2100-214F,U+2150-218F,U+2212,U+2215,U+25CC,U+FB00-FB06,U+FFFD
arabic=U+0020,U+060C-06FF,U+0750-077F,U+08A0-08FF,U+200C-200F,U+25CC
hebrew=U+0020,U+0590-05FF,U+200C-200F,U+25CC,U+FB1D-FB4F
symbols=U+2190-2199,U+21D0-21D5,U+2200-2265

subset() { # source, target, code points
    venv/bin/pyftsubset "$noto/$1.ttf" --output-file="$here/$2.ttf" --unicodes="$3" \
        --layout-features='ccmp,locl,mark,mkmk,kern,liga,clig,calt,rlig,isol,init,medi,fina' \
        --no-hinting --desubroutinize --notdef-outline --drop-tables+=DSIG,MATH,meta --no-glyph-names \
        --name-IDs='0,1,2,3,4,5,6,13,14'
}
for face in Regular Bold Italic BoldItalic; do
    subset "NotoSans-$face" "NotoSans-$face" "$text"
done
for face in Regular Bold; do
    subset "NotoSansArabic-$face" "NotoSansArabic-$face" "$arabic"
    subset "NotoSansHebrew-$face" "NotoSansHebrew-$face" "$hebrew"
done
subset NotoSansMath-Regular NotoSansSymbols-Regular "$symbols"

# the licence, out of Debian's machine-readable copyright file
{
    echo "Noto Sans, Noto Sans Arabic, Noto Sans Hebrew, Noto Sans Math (subsets)"
    echo "Copyright 2010, 2012-2020 Google Inc., Google LLC"
    echo "https://github.com/notofonts, from Debian's fonts-noto-core"
    echo
    echo "This Font Software is licensed under the SIL Open Font License, Version 1.1."
    echo
    awk '/^License: OFL-1.1$/ { copy = 1; next } /^[^ ]/ { copy = 0 }
         copy { sub(/^ /, ""); if ($0 == ".") $0 = ""; print }' \
        package/usr/share/doc/fonts-noto-core/copyright | sed -n '/^PREAMBLE/,$p'
} > "$here/OFL.txt"
ls -l "$here"
