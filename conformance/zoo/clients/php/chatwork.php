<?php
// A client of Chatwork on PHP's streams: who am I, a batch of three messages, a task, what is new. Its environment: the README.
declare(strict_types=1);

require __DIR__ . '/service.php';

final class Chatwork extends Service
{
    private string $base;
    private string $room;

    public function __construct()
    {
        $token = (string) getenv('CHATWORK_API_TOKEN');
        $this->base = rtrim((string) getenv('CHATWORK_BASE_URL'), '/');
        $this->room = "{$this->base}/rooms/" . getenv('CHATWORK_ROOM_ID');
        parent::__construct("X-ChatWorkToken: $token", [$token]);
    }

    protected function limitPause(Answer $answer): ?int
    {
        $left = $answer->header('x-ratelimit-remaining');
        if (!in_array($left, ['', '0'], true) || str_contains($answer->body, 'per room')) {
            return 10; // a room takes ten posts in ten seconds, and has no header of its own
        }
        $reset = $answer->header('x-ratelimit-reset');
        $pause = preg_match('/^\d{1,11}$/', $reset) ? (int) $reset - $answer->now() : 0;
        return $pause > 0 && $pause < 86400 ? $pause : parent::limitPause($answer);
    }

    /** @param array<string, mixed> $fields */
    private function post(string $url, array $fields): mixed
    {
        return $this->call('POST', $url, 'application/x-www-form-urlencoded', http_build_query($fields));
    }

    protected function job(): void
    {
        $me = $this->need($this->call('GET', "{$this->base}/me"), 'account_id');
        echo "I am $me\n";
        foreach ([$this->text(), '2: ขอบคุณครับ', '3: またね 👋'] as $text) {
            $text = flaw('utf8-encode') ? @utf8_encode($text) : $text;
            echo 'posted ' . $this->need($this->post("{$this->room}/messages", ['body' => $text]), 'message_id') . "\n";
        }
        $to = flaw('lists-as-brackets') ? [$me] : $me;
        $made = $this->post("{$this->room}/tasks", ['body' => 'あとで', 'to_ids' => $to, 'limit_type' => 'none']);
        $task = $this->need($made['task_ids'] ?? null, 0);
        $this->call('GET', "{$this->room}/tasks/$task");
        echo "task $task\n";
        echo count($this->call('GET', "{$this->room}/messages") ?? []) . " new messages\n";
    }
}

exit((new Chatwork())->run());
