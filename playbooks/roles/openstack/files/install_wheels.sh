# Install exactly the wheels of a list, each checked by its hash, into /opt/openstack. LIST RELEASE
# With uv, which the list pins as well: 180 wheels in seconds where pip needs two minutes.
set -eu
list=$1 release=$2
venv=/opt/openstack
export PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NATIVE_TLS=1 UV_NO_CACHE=1 UV_PYTHON=$venv/bin/python
[ -x $venv/bin/python ] || python3 -m venv --system-site-packages $venv
rm -f $venv/.release-*
if [ ! -x $venv/bin/uv ]; then
  mkdir -p /run/oneroof
  awk '/^[a-z0-9]/ { of_uv = /^uv==/ } of_uv' "$list" >/run/oneroof/uv.txt
  $venv/bin/pip install --quiet --require-hashes --no-deps --requirement /run/oneroof/uv.txt
fi
# Services run as users who cannot write here: without bytecode every start would compile everything anew.
$venv/bin/uv pip sync --quiet --require-hashes --compile-bytecode "$list"
touch $venv/.release-"$release"
