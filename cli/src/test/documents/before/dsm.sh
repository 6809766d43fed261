sed -n '/^\$ cat trim.json$/,/^\$ gantry/p' "$CHECKOUT/docs/dsm.md" | sed '1d;$d' >trim.json
gantry serve
gantry volume create disk 64M
