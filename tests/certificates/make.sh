#!/bin/bash
# Makes all certificates of the tests anew, with OpenSSL 3; the CA's key is thrown away at the end.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
touch index.txt
echo 1000 > crlnumber
cat > ca.cnf <<'CONFIG'
[ca]
default_ca = made
[made]
database = index.txt
rand_serial = yes
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
default_crl_days = 36500
crlnumber = crlnumber
policy = any
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
subjectAltName = DNS:localhost
extendedKeyUsage = serverAuth
keyUsage = critical, digitalSignature, keyEncipherment
authorityKeyIdentifier = keyid
[client]
extendedKeyUsage = clientAuth
keyUsage = critical, digitalSignature
authorityKeyIdentifier = keyid
[req]
distinguished_name = name
[name]
CONFIG
authority() { # NAME
    openssl req -x509 -newkey rsa:2048 -noenc -keyout "$1.key" -out "$1.crt" -days 36500 -config ca.cnf \
        -extensions authority -subj "/CN=llama-storage-tui test ${1^^}"
}
signed() { # NAME KIND FROM UNTIL COMMON_NAME: all of a kind share a key
    [ -f "$2.key" ] || openssl genrsa -out "$2.key" 2048
    openssl req -new -key "$2.key" -config ca.cnf -subj "/CN=$5" -out "$1.csr"
    openssl ca -batch -config ca.cnf -extensions "$2" -startdate "$3" -enddate "$4" -in "$1.csr" -out "$1.crt" -notext
}
authority ca
authority other-ca
signed server server 20260101000000Z 21251231000000Z localhost
signed expired server 20240101000000Z 20250101000000Z localhost
signed revoked server 20260101000000Z 21251231000000Z localhost
signed client client 20260101000000Z 21251231000000Z operator
openssl ca -config ca.cnf -revoke revoked.crt
openssl ca -config ca.cnf -gencrl -out ca.crl
cp ca.crt ca.crl other-ca.crt server.crt server.key expired.crt revoked.crt client.crt client.key "$here"
