<?php
// What both services' clients share: one call by PHP's streams, and what follows its answer. No extension besides openssl.
// FLAW makes one mistake that is usual with them, by name.
declare(strict_types=1);

const FLAWS = ['follow-location', 'verify-peer-off', 'warnings-ignored', 'utf8-encode', 'lists-as-brackets', 'json-encode-fails'];
const ATTEMPTS = 4;
const BUDGET = 20; // seconds of waiting, in all
const TIMEOUT = 5;

if (getenv('FLAW') && !in_array(getenv('FLAW'), FLAWS, true)) {
    fwrite(STDERR, 'FLAW=' . getenv('FLAW') . ' is unknown; there are: ' . implode(', ', FLAWS) . "\n");
    exit(2);
}

function flaw(string $name): bool
{
    return getenv('FLAW') === $name;
}

final class Failure extends Exception
{
}

final class Answer
{
    /** @param array<string, string> $headers names in lower case */
    public function __construct(public int $status, public array $headers, public string $body)
    {
    }

    public function header(string $name): string
    {
        return $this->headers[strtolower($name)] ?? '';
    }

    /** The service's own time, so that no clock has to agree with another. */
    public function now(): int
    {
        return strtotime($this->header('date') ?: 'now') ?: time();
    }

    public function retryAfter(): ?int
    {
        $value = $this->header('retry-after');
        if (preg_match('/^\d{1,6}$/', $value)) {
            return (int) $value;
        }
        $moment = $value === '' ? false : strtotime($value);
        return $moment === false ? null : max(0, $moment - $this->now());
    }
}

abstract class Service
{
    private float $waited = 0;

    /** @param list<string> $secrets */
    public function __construct(private string $credentials, private array $secrets)
    {
    }

    protected function keepSecret(string $secret): void
    {
        $this->secrets[] = $secret;
    }

    /** The JSON of a success; null for 204. Each attempt has the same bytes. */
    protected function call(string $method, string $url, ?string $type = null, ?string $body = null): mixed
    {
        $name = $method . ' ' . parse_url($url, PHP_URL_PATH);
        for ($attempt = 1; ; $attempt++) {
            $answer = $this->exchange($method, $url, $type, $body);
            $pause = null;
            if (is_string($answer)) {
                // Nobody knows whether a POST arrived: whoever reads this has to look.
                $failure = "$name: $answer";
                $pause = $method === 'GET' && !str_contains($answer, 'certificate') ? $attempt : null;
            } elseif ($answer->status >= 200 && $answer->status < 300) {
                return $this->read($name, $answer);
            } else {
                $failure = "$name: " . $this->words($answer);
                $pause = $this->pause($method, $answer, $attempt);
            }
            if (flaw('warnings-ignored') && $attempt === ATTEMPTS) {
                return [];
            }
            if ($pause === null || $attempt === ATTEMPTS) {
                if (flaw('warnings-ignored') || (flaw('json-encode-fails') && $body === '')) {
                    return ['status' => 'SUCCESS'];
                }
                throw new Failure($failure);
            }
            if ($this->waited + $pause > BUDGET) {
                throw new Failure("$failure; waiting $pause s more is too long");
            }
            $this->waited += $pause;
            usleep((int) ($pause * 1e6));
        }
    }

    private function pause(string $method, Answer $answer, int $attempt): ?int
    {
        return match (true) {
            $answer->status === 429 => $this->limitPause($answer) ?? $attempt,
            $answer->status === 503 => $answer->retryAfter() ?? ($method === 'GET' ? $attempt : null),
            $answer->status >= 500 && $method === 'GET' => $attempt,
            default => null,
        };
    }

    protected function limitPause(Answer $answer): ?int
    {
        return $answer->retryAfter();
    }

    /** An answer, or in words why there is none. */
    private function exchange(string $method, string $url, ?string $type, ?string $body): Answer|string
    {
        $headers = [$this->credentials, 'Connection: close'];
        if ($type !== null) {
            $headers[] = "Content-Type: $type";
        }
        $http = ['method' => $method, 'header' => $headers, 'protocol_version' => 1.1, 'timeout' => TIMEOUT, 'ignore_errors' => true,
            'follow_location' => flaw('follow-location') ? 1 : 0];
        if ($body !== null) {
            $http['content'] = $body;
        }
        $proxy = getenv('HTTPS_PROXY');
        if ($proxy && str_starts_with($url, 'https:')) {
            $http['proxy'] = preg_replace('/^https?:/', 'tcp:', rtrim($proxy, '/'));
        }
        $tls = ['verify_peer' => !flaw('verify-peer-off'), 'verify_peer_name' => !flaw('verify-peer-off')];
        if (getenv('SSL_CERT_FILE')) {
            $tls['cafile'] = getenv('SSL_CERT_FILE');
        }
        // What went wrong is told in several warnings, the certificate's before the last.
        $why = '';
        set_error_handler(function (int $level, string $words) use (&$why): bool {
            $why .= $words;
            return true;
        });
        $stream = fopen($url, 'r', false, stream_context_create(['http' => $http, 'ssl' => $tls]));
        restore_error_handler();
        if ($stream === false) {
            return str_contains($why, 'certificate') || str_contains($why, 'Peer') ? 'the certificate is refused' : 'no answer';
        }
        $read = '';
        $until = microtime(true) + TIMEOUT;
        while (!feof($stream) && microtime(true) < $until) {
            $read .= (string) fread($stream, 65536);
        }
        $about = stream_get_meta_data($stream);
        fclose($stream);
        [$status, $named] = $this->head($about['wrapper_data']);
        if ($status === 0) {
            return 'the answer is no HTTP';
        }
        // PHP does not say that a body is shorter than it was to be.
        if ($about['timed_out'] || !$about['eof'] || (isset($named['content-length']) && strlen($read) < (int) $named['content-length'])) {
            return 'the answer was cut off';
        }
        return new Answer($status, $named, $read);
    }

    /**
     * Status and headers of the last answer, should there be several.
     *
     * @param list<string> $lines
     * @return array{int, array<string, string>}
     */
    private function head(array $lines): array
    {
        [$status, $named] = [0, []];
        foreach ($lines as $line) {
            if (preg_match('~^HTTP/\S+ (\d{3})~', $line, $found)) {
                [$status, $named] = [(int) $found[1], []];
            } elseif (str_contains($line, ':')) {
                [$name, $value] = explode(':', $line, 2);
                $named[strtolower($name)] = trim($value);
            }
        }
        return [$status, $named];
    }

    private function read(string $name, Answer $answer): mixed
    {
        if ($answer->status === 204) {
            return null;
        }
        try {
            return json_decode($answer->body, true, 64, JSON_BIGINT_AS_STRING | JSON_THROW_ON_ERROR);
        } catch (JsonException $error) {
            if (flaw('warnings-ignored')) {
                return ['status' => 'SUCCESS'];
            }
            throw new Failure("$name: status {$answer->status}, and the body is no JSON: {$error->getMessage()}");
        }
    }

    private function words(Answer $answer): string
    {
        if ($answer->status >= 300 && $answer->status < 400) {
            return "status {$answer->status} is a redirect, which is not followed";
        }
        $errors = json_decode($answer->body, true)['errors'] ?? 'no reason given';
        return "status {$answer->status}: " . (is_array($errors) ? implode('; ', $errors) : $errors);
    }

    protected function need(mixed $answer, string|int $field): string
    {
        $value = is_array($answer) ? ($answer[$field] ?? null) : null;
        if (!is_string($value) && !is_int($value)) {
            if (flaw('warnings-ignored') || flaw('json-encode-fails')) {
                return '0';
            }
            throw new Failure("the answer has no $field");
        }
        return (string) $value;
    }

    abstract protected function job(): void;

    /** The exit status: 0 where all was done. */
    public function run(): int
    {
        try {
            $this->job();
            return 0;
        } catch (Failure $failure) {
            fwrite(STDERR, 'failed: ' . str_replace($this->secrets, '***', $failure->getMessage()) . "\n");
            return 1;
        }
    }

    protected function text(): string
    {
        return getenv('CONFORMANCE_TEXT') ?: "สวัสดี こんにちは 👍🏽 a=1&b=2 + 100% \"q\"\nline 2\n";
    }
}
