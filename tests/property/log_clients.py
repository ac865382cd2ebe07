"""More clients for logs.py: openssl s_client in its forms, PEAR's Net_SMTP, Go's net/smtp, Ruby's mail, sendEmail."""

import os
import subprocess
import tempfile

from log_tools import CONTENT, USER, run, typed

NEED_TLS = ("openssl", "openssl-piped")


def recipients(temper):
    return [r + "@lab.example" for r in temper["recipients"]]


def s_client(port, temper, dice):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-crlf"]
    if temper["tls"] == "starttls":
        command += ["-starttls", "smtp"] + dice.choice([[], ["-name", "c.example"]])
    return command + dice.choice([[], [], ["-tls1_2"]])


def client_openssl(port, temper, folder, dice):
    how = dice.choice([[], ["-quiet"], ["-brief"], ["-msg"], ["-debug"], ["-ign_eof"], ["-state"], ["-quiet", "-no_ign_eof"],
                       ["-quiet", "-msg"], ["-brief", "-ign_eof"], ["-nocommands"], ["-prexit"], ["-showcerts"]])
    script = list(temper["script"])
    if dice.random() < 0.3:  # what many type since R means a new handshake
        script = ["rcpt" + line[4:] if line.startswith("RCPT") else "quit" if line == "QUIT" else line for line in script]
    return typed(port, {**temper, "script": script}, s_client(port, temper, dice) + how)


def client_openssl_piped(port, temper, folder, dice):
    """Nothing typed is seen: `(sleep 1; echo EHLO c; ...) | openssl s_client -quiet`."""
    lines = [one for line in temper["script"] for one in (CONTENT if line == "CONTENT" else [line])]
    script = "".join(f"sleep 0.1; printf '%s\\n' '{line}'; " for line in lines)
    how = dice.choice([["-quiet"], ["-ign_eof"], ["-brief", "-ign_eof"]])
    return run(["sh", "-c", f"({script} sleep 0.2) | \"$@\"", "sh", *s_client(port, temper, dice), *how])


PEAR = r"""
require_once 'Net/SMTP.php';
[$_, $port, $user, $password, $method, $to, $handled] = $argv;
error_reporting(E_ERROR);
$s = new Net_SMTP('127.0.0.1', (int)$port, 'c.example');
$s->setDebug(true, $handled === '1' ? function ($smtp, $message) { fwrite(STDERR, date('c') . " net_smtp: $message\n"); } : null);
$failed = fn($x) => PEAR::isError($x) && print($x->getMessage() . "\n");
if ($failed($s->connect(8))) exit;
if ($user !== '' && $failed($s->auth($user, $password, $method, false))) exit;
if ($failed($s->mailFrom('a@lab.example'))) exit;
$accepted = 0;
foreach (explode(',', $to) as $one) $accepted += $failed($s->rcptTo($one)) ? 0 : 1;
if ($accepted) $failed($s->data("Subject: x\r\n\r\nhello\r\n.dot\r\n"));
$s->disconnect();
"""


def client_pear(port, temper, folder, dice):
    return run(["php", "-r", PEAR, "--", str(port), USER if temper["auth"] else "", temper["password"], dice.choice(temper["mechanisms"]),
                ",".join(recipients(temper)), dice.choice("001")])


GO = r"""
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/smtp"
	"os"
	"strings"
)

type watched struct {
	net.Conn
	style string
	rest  [2]bytes.Buffer
}

func (w *watched) tell(side int, data []byte) {
	if w.style == "tee" {
		os.Stdout.Write(data)
		return
	}
	w.rest[side].Write(data)
	for bytes.IndexByte(w.rest[side].Bytes(), '\n') >= 0 {
		line, _ := w.rest[side].ReadString('\n')
		text := strings.TrimRight(line, "\r\n")
		switch w.style {
		case "letters":
			log.Printf("%s: %s", []string{"C", "S"}[side], text)
		case "arrows":
			fmt.Printf("%s %s\n", []string{">>>", "<<<"}[side], text)
		case "words":
			log.Printf("%s: %s", []string{"client", "server"}[side], text)
		case "quoted":
			log.Printf("[smtp] %s %q", []string{"-->", "<--"}[side], line)
		}
	}
}

func (w *watched) Write(p []byte) (int, error) {
	w.tell(0, p)
	return w.Conn.Write(p)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.tell(1, p[:n])
	return n, err
}

type login struct{ user, password string }

func (a login) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }
func (a login) Next(from []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if strings.HasPrefix(string(from), "User") {
		return []byte(a.user), nil
	}
	return []byte(a.password), nil
}

func send(c *smtp.Client, user, password, method string, to []string) error {
	if err := c.Hello("c.example"); err != nil {
		return err
	}
	if user != "" {
		auth := map[string]smtp.Auth{"PLAIN": smtp.PlainAuth("", user, password, "127.0.0.1"), "LOGIN": login{user, password},
			"CRAM-MD5": smtp.CRAMMD5Auth(user, password)}[method]
		if err := c.Auth(auth); err != nil {
			return err
		}
	}
	if err := c.Mail("a@lab.example"); err != nil {
		return err
	}
	for _, one := range to {
		if err := c.Rcpt(one); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	io.WriteString(w, "Subject: x\r\n\r\nhello\r\n.dot\r\n250 ok\r\n")
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

func main() {
	log.SetOutput(os.Stdout)
	conn, err := net.Dial("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	c, err := smtp.NewClient(&watched{Conn: conn, style: os.Args[2]}, "127.0.0.1")
	if err == nil {
		err = send(c, os.Args[3], os.Args[4], os.Args[5], os.Args[6:])
	}
	if err != nil {
		log.Println("failed:", err)
	}
	conn.Close()
}
"""
go_built = []


def go_program():
    """Built once for all rounds; the folder goes when the test ends."""
    if not go_built:
        folder = tempfile.TemporaryDirectory()
        with open(os.path.join(folder.name, "send.go"), "w") as f:
            f.write(GO)
        subprocess.run(["go", "build", "-o", "send", "send.go"], cwd=folder.name, check=True, env={**os.environ, "GO111MODULE": "off"})
        go_built.append(folder)
    return os.path.join(go_built[0].name, "send")


def client_go(port, temper, folder, dice):
    return run([go_program(), str(port), dice.choice(["letters", "arrows", "words", "quoted", "tee"]), USER if temper["auth"] else "",
                temper["password"], dice.choice(temper["mechanisms"]), *recipients(temper)])


RUBY_MAIL = r"""
require 'mail'
port, user, password, method, *to = ARGV
s = Net::SMTP.new('127.0.0.1', port.to_i)
s.set_debug_output($stdout)
s.disable_starttls if s.respond_to?(:disable_starttls)
begin
  s.start('c.example', *(user.empty? ? [] : [user, password, method.to_sym])) do |session|
    mail = Mail.new(from: 'a@lab.example', to: to, subject: 'x', body: "hello\n.dot\n250 ok")
    mail.delivery_method :smtp_connection, connection: session
    mail.deliver!
  end
rescue => e
  puts "#{e.class}: #{e.message}"
end
"""


def client_ruby_mail(port, temper, folder, dice):
    method = {"PLAIN": "plain", "LOGIN": "login", "CRAM-MD5": "cram_md5"}[dice.choice(temper["mechanisms"])]
    return run(["ruby", "-e", RUBY_MAIL, str(port), USER if temper["auth"] else "", temper["password"], method, *recipients(temper)])


def has(*command):
    """Whether a library that a program needs is there."""
    try:
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    except OSError:
        return False


def client_sendemail(port, temper, folder, dice):
    command = ["sendemail", "-f", "a@lab.example", "-s", f"127.0.0.1:{port}", "-u", "x", "-m", "hello\n.dot", "-o", "tls=no"]
    command += [part for recipient in recipients(temper) for part in ("-t", recipient)]
    if temper["auth"]:
        command += ["-xu", USER, "-xp", temper["password"]]
    return run(command + dice.choice([["-v"], ["-v", "-v"], ["-vv"], ["-vv", "-vv"]]))


# By name: the program, and the client.  One whose library is missing is left out as one whose program is.
CLIENTS = {"sendemail": ("sendemail", client_sendemail),
           "openssl": ("openssl", client_openssl), "openssl-piped": ("openssl", client_openssl_piped), "go": ("go", client_go)}
if has("php", "-r", "exit((int)!stream_resolve_include_path('Net/SMTP.php'));"):
    CLIENTS["pear"] = ("php", client_pear)
if has("ruby", "-e", "require 'mail'"):
    CLIENTS["ruby-mail"] = ("ruby", client_ruby_mail)
