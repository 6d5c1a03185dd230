package redis

import "github.com/redis/go-redis/v9"

// scripts are all that changes something in Redis. Each runs as one step there.
type scripts struct {
	acquire, renew, release *redis.Script
	bind, unbind, bindings  *redis.Script
	begin, seal             *redis.Script
	expose, forgetEars      *redis.Script
	append, compact         *redis.Script
	forget, forgetHours     *redis.Script
	forgetRecords           *redis.Script
}

func newScripts() scripts {
	fenced := func(body string) *redis.Script { return redis.NewScript(fence + body) }
	return scripts{
		acquire: redis.NewScript(acquire), renew: redis.NewScript(renew), release: redis.NewScript(release),
		bind: fenced(bind), unbind: fenced(unbind), bindings: redis.NewScript(bindings),
		begin: fenced(begin), seal: fenced(seal), expose: fenced(expose), forgetEars: fenced(forgetEars),
		append: fenced(appendEvents), compact: fenced(compact), forget: fenced(forget), forgetHours: fenced(forgetHours),
		forgetRecords: fenced(forgetRecords),
	}
}

// fence refuses whoever is not the newest owner. KEYS: fence, others; ARGV: token,
// others.
const fence = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('FENCED') end
`

// acquire gives the lease to who asks, with the next token. KEYS: fence, lease;
// ARGV: owner, milliseconds.
const acquire = `
local holder = redis.call('GET', KEYS[2])
if holder then return {'held', holder} end
local last = string.match(redis.call('GET', KEYS[1]) or '0', '^%d+')
local token = string.format('%d', last + 1) .. ' ' .. ARGV[1]
redis.call('SET', KEYS[1], token)
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {'taken', token}`

// renew lengthens the lease. One that ran out is taken again as long as nobody had it
// meanwhile. A smaller token than ours that nobody holds is a Redis that has lost our
// own. KEYS: fence, lease; ARGV: token, owner, milliseconds.
const renew = `
local newest = redis.call('GET', KEYS[1])
local word = 'kept'
if newest ~= ARGV[1] then
	local holder = redis.call('GET', KEYS[2])
	local theirs, ours = string.match(newest or '0', '^%d+'), string.match(ARGV[1], '^%d+')
	if (holder and holder ~= ARGV[2]) or tonumber(theirs) >= tonumber(ours) then return 'lost' end
	redis.call('SET', KEYS[1], ARGV[1])
	word = 'forgotten'
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return word`

// release ends our lease and nobody else's. KEYS: lease; ARGV: owner.
const release = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`

// bind keeps a registration and sweeps out a few that expired an hour ago. Redis 7.0
// lets no field of a hash expire, so a sorted set knows when. KEYS: fence, bindings,
// expiry; ARGV: token, member, wire, expires ms, swept before ms.
const bind = `
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[2])
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[5], 'LIMIT', 0, 100)) do
	redis.call('HDEL', KEYS[2], old)
	redis.call('ZREM', KEYS[3], old)
end
return 1`

// unbind forgets a registration. KEYS: fence, bindings, expiry; ARGV: token, member.
const unbind = `
redis.call('HDEL', KEYS[2], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[2])
return 1`

// bindings gives member, wire and expiry of all that have not expired. KEYS:
// bindings, expiry; ARGV: now ms.
const bindings = `
local out = {}
local live = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES')
for i = 1, #live, 2 do
	out[#out + 1] = live[i]
	out[#out + 1] = redis.call('HGET', KEYS[1], live[i])
	out[#out + 1] = live[i + 1]
end
return out`

// begin keeps the draft of a call that has not been sealed. KEYS: fence, records,
// drafts; ARGV: token, id, body.
const begin = `
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return redis.error_reply('SEALED') end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
return 1`

// seal keeps a record once, in every index that finds it. KEYS: fence, records,
// drafts, indexes…; ARGV: token, id, body, start ms.
const seal = `
if redis.call('HSETNX', KEYS[2], ARGV[2], ARGV[3]) == 0 then return redis.error_reply('SEALED') end
redis.call('HDEL', KEYS[3], ARGV[2])
for i = 4, #KEYS do redis.call('ZADD', KEYS[i], ARGV[4], ARGV[2]) end
return 1`

// expose keeps a shift unless more is known of it, and of each agent when the oldest shift
// began. KEYS: fence, shifts, amounts, oldest; ARGV: token, began ms, body, amount, agent.
const expose = `
redis.call('ZADD', KEYS[4], 'LT', ARGV[2], ARGV[5])
local known = redis.call('HGET', KEYS[3], ARGV[2])
if known and tonumber(known) > tonumber(ARGV[4]) then return 1 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[4])
return 1`

// forgetEars deletes the shifts of an agent that began before a moment. KEYS: fence, shifts,
// amounts, oldest; ARGV: token, agent, before ms.
const forgetEars = `
local oldest
for _, began in ipairs(redis.call('HKEYS', KEYS[2])) do
	if tonumber(began) < tonumber(ARGV[3]) then
		redis.call('HDEL', KEYS[2], began)
		redis.call('HDEL', KEYS[3], began)
	elseif not oldest or tonumber(began) < tonumber(oldest) then
		oldest = began
	end
end
if oldest then redis.call('ZADD', KEYS[4], oldest, ARGV[2]) else redis.call('ZREM', KEYS[4], ARGV[2]) end
return 1`

// appendEvents takes all events or none. What Redis has acknowledged before must be
// there: else it has forgotten, and what comes now would stand on nothing. KEYS:
// fence, events, ledger, hours, callers; ARGV: token, acknowledged seq, then seq, hour, body
// and caller of each event, the last empty where there is none. Of each hour the first and last seq are noted: clocks may go back.
const appendEvents = `
local last = tonumber(redis.call('HGET', KEYS[3], 'last') or '0')
if last < tonumber(ARGV[2]) then
	return redis.error_reply('FORGOTTEN redis has events up to ' .. string.format('%d', last) .. ' and had acknowledged ' .. ARGV[2])
end
for i = 3, #ARGV, 4 do
	if tonumber(ARGV[i]) <= last then
		return redis.error_reply('APPENDED event ' .. ARGV[i] .. ' comes after ' .. string.format('%d', last))
	end
	last = tonumber(ARGV[i])
end
local first, final, hours = {}, {}, {}
for i = 3, #ARGV, 4 do
	local hour = ARGV[i + 1]
	if not first[hour] then
		first[hour] = ARGV[i]
		hours[#hours + 1] = hour
	end
	final[hour] = ARGV[i]
	redis.call('XADD', KEYS[2], ARGV[i] .. '-0', 'e', ARGV[i + 2])
	if ARGV[i + 3] ~= '' then redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 3]) end
end
for _, hour in ipairs(hours) do
	redis.call('HSETNX', KEYS[4], hour .. ':first', first[hour])
	redis.call('HSET', KEYS[4], hour .. ':last', final[hour])
end
redis.call('HSET', KEYS[3], 'last', string.format('%d', last))
return 1`

// compact keeps a snapshot of everything up to seq. The events stay for figures until
// they are forgotten; who called does not. KEYS: fence, ledger, callers; ARGV: token, seq,
// snapshot.
const compact = `
local last = tonumber(redis.call('HGET', KEYS[2], 'last') or '0')
if tonumber(ARGV[2]) > last then redis.call('HSET', KEYS[2], 'last', ARGV[2]) end
redis.call('HSET', KEYS[2], 'seq', ARGV[2], 'snapshot', ARGV[3])
for _, of in ipairs(redis.call('HKEYS', KEYS[3])) do
	if tonumber(of) <= tonumber(ARGV[2]) then redis.call('HDEL', KEYS[3], of) end
end
return 1`

// forget deletes events. KEYS: fence, events; ARGV: token, ids….
const forget = `
for i = 2, #ARGV do redis.call('XDEL', KEYS[2], ARGV[i]) end
return 1`

// forgetHours deletes what was noted of hours. KEYS: fence, hours; ARGV: token,
// fields….
const forgetHours = `
for i = 2, #ARGV do redis.call('HDEL', KEYS[2], ARGV[i]) end
return 1`

// forgetRecords deletes records everywhere. KEYS: fence, records, indexes…; ARGV: token,
// ids….
const forgetRecords = `
redis.call('HDEL', KEYS[2], unpack(ARGV, 2))
for i = 3, #KEYS do redis.call('ZREM', KEYS[i], unpack(ARGV, 2)) end
return 1`
