# Makes the authority and the certificate of one host where they are missing or due; says what it made, nothing when all is well.
# Serial numbers are random, so that runs for several hosts never share a counter; the lock lets one of them make the authority.
set -euo pipefail
umask 077
mode=$1
if [ "$mode" = --check ] && [ ! -d "$PKI_DIRECTORY" ]; then echo "authority"; echo "$PKI_HOST"; exit; fi
mkdir -p "$PKI_DIRECTORY"
cd "$PKI_DIRECTORY"
exec 9> .lock
flock 9

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2> /dev/null; }
due() { ! openssl x509 -in "$1" -noout -checkend $((PKI_RENEW_DAYS * 86400)) > /dev/null; }
serial() { echo "0x$(openssl rand -hex 16 | sed 's/^./4/')"; }

if [ ! -s ca.key ] || [ ! -s ca.pem ] || due ca.pem; then
  echo "authority"
  if [ "$mode" = --check ]; then echo "$PKI_HOST"; exit; fi
  [ -s ca.key ] || { key ca.key.new; mv ca.key.new ca.key; }
  openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj "/CN=$PKI_AUTHORITY" -out ca.pem.new \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign"
  mv ca.pem.new ca.pem
fi
[ "$mode" = --check ] || cmp -s ca.pem ../ca.pem || install -m 0644 ca.pem ../ca.pem

host=hosts/$PKI_HOST
if [ -s "$host/host.pem" ] && [ -s "$host/host.key" ] && [ "$(cat "$host/names" 2>/dev/null)" = "$PKI_NAMES" ] && ! due "$host/host.pem" \
   && openssl verify -CAfile ca.pem "$host/host.pem" > /dev/null 2>&1; then exit; fi
echo "$PKI_HOST"
[ "$mode" = --check ] && exit
new=$host.new
rm -rf "$new"
mkdir -p "$new"
key "$new/host.key"
openssl req -new -key "$new/host.key" -subj "/CN=$PKI_HOST" -out "$new/request"
printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" "extendedKeyUsage=serverAuth,clientAuth" \
  "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid" "subjectAltName=$PKI_NAMES" > "$new/extensions"
openssl x509 -req -in "$new/request" -CA ca.pem -CAkey ca.key -set_serial "$(serial)" -sha256 -days 397 -extfile "$new/extensions" \
  -out "$new/host.pem" 2> /dev/null
cat ca.pem >> "$new/host.pem"
printf '%s' "$PKI_NAMES" > "$new/names"
rm "$new/request" "$new/extensions"
chmod 0644 "$new/host.pem" "$new/names"
rm -rf "$host"
mv "$new" "$host"
